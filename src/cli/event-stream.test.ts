import assert from "node:assert/strict"
import { test } from "node:test"
import { readEvents, readJsonLines } from "./event-stream.ts"

test("readEvents() reads events however their bytes were cut", async () => {
  const text = ': hello\n\nevent: job\ndata: {"a":"ü"}\nid: 4\n\ndata: one\ndata: two\n\nevent: cut off\ndata: x\n'
  const bytes = Buffer.from(text)
  for (let size = 1; size < 12; size++) {
    const events: unknown[] = []
    for await (const event of readEvents(cut(bytes, size))) events.push(event)
    assert.deepEqual(events, [
      { event: "job", data: '{"a":"ü"}' },
      { event: "message", data: "one\ntwo" },
    ])
  }
})

test("readJsonLines() reads objects however their bytes were cut", async () => {
  const bytes = Buffer.from('{"step":"é"}\n\n{"b":2}')
  for (let size = 1; size < 9; size++) {
    const lines: unknown[] = []
    for await (const line of readJsonLines(cut(bytes, size))) lines.push(line)
    assert.deepEqual(lines, [{ step: "é" }, { b: 2 }])
  }
})

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
