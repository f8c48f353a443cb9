/**
 * Gives the memory of a large buffer back at once; it must not be used afterwards.
 *
 * The collector would free it too, but only after tens of megabytes of them: it sees the small object, not the memory
 * behind it. Small buffers share their memory with others and are left alone.
 */
export function releaseBuffer(bytes: Uint8Array): void {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength > Buffer.poolSize && !buffer.detached) buffer.transfer(0);
}
