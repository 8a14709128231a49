import { describe, expect, it } from "vitest";
import { BODY_SIZES, bodyOf } from "../../bench/in-workerd/bodies.ts";
import { cache } from "../../bench/in-workerd/cache.ts";
import { queue } from "../../bench/in-workerd/queue.ts";

const URL = "https://answers.example/one";

const put = (message: string) => cache.fetch(new Request(URL, { method: "PUT", body: message }));

describe("the Cache API in memory", () => {
  it("misses what nobody put, with the status that workerd takes for a miss", async () => {
    const response = await cache.fetch(new Request("https://answers.example/none"));
    expect([response.status, response.headers.get("cf-cache-status")]).toEqual([504, "MISS"]);
  });

  it("gives back what was put, as a hit, with its own fields", async () => {
    await put("HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\nx-at: 1:2\r\ncontent-length: 4\r\n\r\na\r\n\r");
    const response = await cache.fetch(new Request(URL));
    expect(response.headers.get("cf-cache-status")).toBe("HIT");
    expect(response.headers.get("x-at")).toBe("1:2");
    expect(await response.text()).toBe("a\r\n\r");
  });

  it("gives nothing back past its time", async () => {
    await put("HTTP/1.1 200 OK\r\ncache-control: max-age=0\r\n\r\nold");
    expect((await cache.fetch(new Request(URL))).status).toBe(504);
  });

  it("refuses what it would understand wrongly", async () => {
    await expect(put("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")).rejects.toThrow("without a length");
  });
});

describe("the queue that drops", () => {
  it("counts the messages of a batch, and one that comes alone", async () => {
    const send = (headers: Record<string, string>) =>
      queue.fetch(new Request("https://queue/batch", { method: "POST", headers, body: "{}" }));
    await send({ "cf-queue-batch-count": "50" });
    await send({});
    const response = await queue.fetch(new Request("https://queue/"));
    expect(await response.json()).toEqual({ messages: 51 });
  });
});

describe("a body of a size", () => {
  it.each(BODY_SIZES)("of %s has the same bytes whatever stands in front", (size) => {
    const one = bodyOf(size);
    const other = bodyOf(size, { id: "107955" });
    expect(other).toHaveLength(one.length);
    expect(JSON.parse(other)).toMatchObject({ id: "107955" });
  });
});
