import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { readContentRange, readNextPage, readRetryAfter, strongEtag } from "./answer-headers.ts"

test("a range is read as it was written, and anything else is none", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (first, more, rest) => {
      const last = first + more
      const total = last + 1 + rest
      assert.deepEqual(readContentRange(`bytes ${first}-${last}/${total}`), { first, last, total })
      assert.deepEqual(readContentRange(`bytes ${first}-${last}/*`), { first, last, total: null })
      assert.equal(readContentRange(`bytes ${first}-${last}/${last}`), null)
      if (more > 0) assert.equal(readContentRange(`bytes ${last}-${first}/${total}`), null)
    }),
  )
  fc.assert(fc.property(fc.string(), (text) => readContentRange(text) === null))
  assert.equal(readContentRange(null), null)
})

test("how long to wait is seconds or a time", () => {
  const now = Date.parse("2026-11-27T12:00:00Z")
  assert.equal(readRetryAfter("7", now), 7_000)
  assert.equal(readRetryAfter("Fri, 27 Nov 2026 12:01:00 GMT", now), 60_000)
  assert.equal(readRetryAfter("Fri, 27 Nov 2026 11:00:00 GMT", now), 0)
  for (const text of [null, "", "soon", "-1e", "1.5h"]) assert.equal(readRetryAfter(text, now), null)
})

test("the next page is the link that says so", () => {
  assert.equal(readNextPage('<https://hub/a?cursor=x,y>; rel="next"'), "https://hub/a?cursor=x,y")
  assert.equal(readNextPage('</a>; rel="prev", </b>; rel=next'), "/b")
  for (const text of [null, "", '</a>; rel="prev"', "rel=next"]) assert.equal(readNextPage(text), null)
})

test("only an ETag that stands for these very bytes is strong", () => {
  assert.equal(strongEtag('"abc"'), '"abc"')
  for (const text of [null, 'W/"abc"', "abc", '"a"b"', '"a\n"']) assert.equal(strongEtag(text), null)
})
