/** A body that is refused is read no further than this, bytes. */
const MOST_DISCARDED = 1_048_576;

/**
 * Reads the rest of a body that is refused for its length, and keeps none of it. A server that answers and closes while a client still writes
 * may have its answer lost with the connection (RFC 9112, section 9.6).
 */
export async function discardBody(body: ReadableStream<Uint8Array> | null): Promise<void> {
  if (body === null || body.locked) return;
  const reader = body.getReader();
  for (let discarded = 0; discarded < MOST_DISCARDED;) {
    const { done, value } = await reader.read();
    if (done) return;
    discarded += value.byteLength;
  }
  await reader.cancel();
}
