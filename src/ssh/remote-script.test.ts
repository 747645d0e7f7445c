import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { describe, it } from "node:test"
import fc from "fast-check"
import { ChildLink } from "./child-link.ts"
import { quote, remoteScript, ScriptReader } from "./remote-script.ts"

const { signal } = new AbortController()

describe("quote()", () => {
  it("gives a shell back exactly what it was given", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" }), { maxLength: 5 }), (values) => {
        const plain = values.map((value) => value.replaceAll("\0", "").toWellFormed())
        const script = plain.map((value) => `printf '%s\\0' ${quote(value)}`).join("\n")
        const said = execFileSync("/bin/sh", ["-s"], { input: script, encoding: "utf8" })
        assert.deepEqual(said.split("\0").slice(0, -1), plain)
      }),
      { numRuns: 30 },
    )
  })

  it("refuses a NUL byte", () => {
    assert.throws(() => quote("a\0b"), { code: "invalid_input" })
  })
})

describe("remoteScript()", () => {
  it("has a new mark each time", () => {
    assert.notEqual(remoteScript({}).mark, remoteScript({}).mark)
  })
})

describe("ScriptReader", () => {
  const reading = (says: string) => {
    const link = new ChildLink("/bin/sh", ["-c", says])
    return { link, reader: new ScriptReader(link, "MARK") }
  }

  it("finds marked lines in noise, also without a line end before the noise ends", async () => {
    await using link = reading("printf 'noise MARK no\\nMARK one\\r\\nmore\\n\\nMARK two words\\nrest'").link
    const reader = new ScriptReader(link, "MARK")
    assert.equal(await reader.next(signal), "one")
    assert.equal(await reader.next(signal), "two words")
    assert.equal(await reader.next(signal), null)
  })

  it("leaves what comes after the last line taken to the next reader", async () => {
    const { link, reader } = reading("printf 'MARK go\\nbytes behind'")
    await using _ = link
    assert.equal(await reader.next(signal), "go")
    reader.release()
    let rest = ""
    for await (const chunk of link.socket) rest += chunk
    assert.equal(rest, "bytes behind")
  })

  it("gives up on noise without end", async () => {
    const { link, reader } = reading("yes noise")
    await using _ = link
    await assert.rejects(reader.next(signal), { code: "corrupt_data" })
    link.kill()
  })

  it("stops waiting when told to", async () => {
    const { link, reader } = reading("cat")
    await using _ = link
    const stop = new AbortController()
    const waiting = reader.next(stop.signal)
    stop.abort(new Error("enough"))
    await assert.rejects(waiting, { message: "enough" })
  })
})
