package limits

import (
	"context"
	"net/netip"
	"strings"

	"cognate/internal/api"
)

// homeBits is what one customer of a provider has of IPv6: all the addresses
// of such a network are one source.
const homeBits = 64

// Source names the network that a request comes from: its IPv4 address, or the
// first half of its IPv6 address. It is empty where that says nothing about
// who asks: for this machine itself, through which a proxy that is not trusted
// sends everybody, and where a proxy does not say.
func Source(ctx context.Context) string {
	ip, err := netip.ParseAddr(api.RequestFrom(ctx).SourceIP)
	if err != nil {
		return ""
	}
	ip = ip.Unmap().WithZone("")
	if ip.IsLoopback() {
		return ""
	}
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, homeBits).Masked().String()
}

// Digits of calling codes (ITU-T E.164): +1 and +7 have one, these have two,
// all others three.
const twoDigitCodes = " 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 81 82 84 86 90 91 92 93 94 95 98 "

// callingCode is the code of the country that a telephone number belongs to,
// without the plus sign; empty for what is no number.
func callingCode(number string) string {
	digits, ok := strings.CutPrefix(number, "+")
	switch {
	case !ok || len(digits) < 4:
		return ""
	case digits[0] == '1' || digits[0] == '7':
		return digits[:1]
	case strings.Contains(twoDigitCodes, " "+digits[:2]+" "):
		return digits[:2]
	}
	return digits[:3]
}
