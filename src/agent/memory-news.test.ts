import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { MemoryNews } from "./memory-news.ts"

const GIB = 1024 ** 3

describe("news of memory", () => {
  it("are told once for each great fall, and not before the first sample", async () => {
    let samples = 0
    const news: MemoryNews = new MemoryNews(64 * GIB, async () => {
      samples++
      news.told(30 * GIB)
    })
    assert.equal(await news.seen(GIB), false)
    news.told(40 * GIB)
    assert.equal(await news.seen(39 * GIB), false)
    assert.equal(await news.seen(30 * GIB), true)
    assert.equal(await news.seen(29 * GIB), false)
    assert.equal(await news.seen(48 * GIB), false, "more is told with the next sample")
    assert.equal(samples, 1)
  })

  it("do not come again and again where they cannot be told", async () => {
    const news = new MemoryNews(64 * GIB, () => Promise.reject(new Error("vm_stat: no answer")))
    news.told(40 * GIB)
    assert.equal(await news.seen(GIB), true)
    assert.equal(await news.seen(GIB), false)
  })
})
