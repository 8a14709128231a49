/** Taken from the platform at once: a call to it costs more than the ids of a request are worth. */
const POOL_BYTES = 4_096;

/**
 * Random bytes for ids, of which no two callers get the same. Not for secrets: those that are handed out lie beside each other in the isolate's
 * memory, and stay there for a while.
 */
export function pooledRandom(): (bytes: number) => Uint8Array {
  let pool = new Uint8Array();
  let at = 0;
  return (bytes) => {
    if (at + bytes > pool.length) {
      pool = crypto.getRandomValues(new Uint8Array(Math.max(POOL_BYTES, bytes)));
      at = 0;
    }
    at += bytes;
    return pool.subarray(at - bytes, at);
  };
}
