import { createHash } from "node:crypto";

/**
 * Runs `work` with digests that are there at once. The platform makes them in another thread and says so whenever it likes, which simulated time
 * cannot see: what hangs on a digest would happen at another simulated moment in each run.
 */
export async function withPromptDigests<T>(work: () => Promise<T>): Promise<T> {
  const { subtle } = crypto;
  const platforms = subtle.digest;
  subtle.digest = async (_algorithm, data) => {
    const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : data;
    return new Uint8Array(createHash("sha256").update(new Uint8Array(bytes)).digest()).buffer;
  };
  try {
    return await work();
  } finally {
    subtle.digest = platforms;
  }
}
