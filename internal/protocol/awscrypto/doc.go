// Package awscrypto writes messages of the AWS Encryption SDK: format version 2,
// algorithm suite 0x0478 (AES-256-GCM with HKDF-SHA512 and key commitment, not
// signed), one frame, one encrypted data key. Every commitment policy of AWS's own
// libraries reads them (triggers.md §6.4).
//
// The format is that of the AWS Encryption SDK Developer Guide, "message format
// reference". Where the data key comes from is the callers' part.
package awscrypto
