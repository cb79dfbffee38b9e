// An ordinary sender of a user pool: decrypts the code with AWS's own library and,
// in the place of sending it, writes it beside itself.
import { writeFile } from "node:fs/promises";
import { CommitmentPolicy, KmsKeyringNode, buildClient } from "@aws-crypto/client-node";

const { decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
const keyring = new KmsKeyringNode({ keyIds: ["arn:aws:kms:us-east-1:123456789012:key/codes"] });

export const handler = async (event) => {
  const { plaintext, messageHeader } = await decrypt(keyring, Buffer.from(event.request.code, "base64"));
  await writeFile(
    new URL(`${event.userName}.json`, import.meta.url),
    JSON.stringify({
      source: event.triggerSource,
      type: event.request.type,
      code: plaintext.toString(),
      context: messageHeader.encryptionContext["userpool-id"],
      email: event.request.userAttributes.email,
    }),
  );
  return event;
};
