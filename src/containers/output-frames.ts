/** What a container said: Docker puts 8 bytes before each piece, which are the stream, three zeros, and the length. */
export function* frames(whole: Buffer): Generator<Buffer> {
  for (let at = 0; at + 8 <= whole.length; ) {
    const end = at + 8 + whole.readUInt32BE(at + 4)
    yield whole.subarray(at + 8, end)
    at = end
  }
}
