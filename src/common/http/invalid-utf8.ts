/** The position of the first byte that is not UTF-8; -1 if there is none, or if the bytes end in the midst of U+FFFD. */
export function firstInvalidByte(bytes: Buffer): number {
  const decoded = Buffer.from(bytes.toString());
  return bytes.findIndex((byte, at) => byte !== decoded[at]);
}
