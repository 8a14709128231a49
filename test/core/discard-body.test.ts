import { expect, it } from "vitest";
import { discardBody } from "../../src/core/discard-body.ts";

const KIB = 1_024;

/** A body of so many pieces of a KiB, which counts how many were read. */
function bodyOf(pieces: number) {
  const read = { pieces: 0, isCancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (read.pieces >= pieces) return controller.close();
        read.pieces += 1;
        controller.enqueue(new Uint8Array(KIB));
        return undefined;
      },
      cancel: () => void (read.isCancelled = true),
    },
    { highWaterMark: 0 },
  );
  return { body, read };
}

it("reads to its end what is refused, so that the client gets to read why", async () => {
  const { body, read } = bodyOf(20);
  await discardBody(body);
  expect(read).toEqual({ pieces: 20, isCancelled: false });
});

it("reads no more than a MiB, because somebody may send without end", async () => {
  const { body, read } = bodyOf(Infinity);
  await discardBody(body);
  expect(read).toEqual({ pieces: KIB, isCancelled: true });
});

it("leaves alone what is read already, or not there", async () => {
  const { body, read } = bodyOf(5);
  body.getReader();
  await discardBody(body);
  await discardBody(null);
  expect(read.pieces).toBe(0);
});
