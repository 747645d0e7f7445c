import assert from "node:assert/strict"
import { test } from "node:test"
import { makeId, type RunId } from "./ids.ts"
import { instanceText, readInstance } from "./server-instance.ts"

const run = makeId<RunId>("r", new Uint8Array(16).fill(7))
const proof = "f".repeat(64)
const place = "0123456789abcdef".repeat(2)

test("an instance survives a shell that splits words and fills in file names", () => {
  for (const where of ["mini.lab:/srv/windfall", "Anna's Mac:/Users/anna/my data/*?$(x)~!", "ü:/\u00e4\n"]) {
    const text = instanceText({ run, place, where, proof })
    assert.match(text, /^[\w./%-]+$/)
    assert.deepEqual(readInstance(text), { run, place, where, proof })
  }
})

test("what is no instance is not read as one", () => {
  const good = instanceText({ run, place, where: "a:/b", proof })
  for (const text of [
    "",
    good.slice(1),
    good.replace(place, "0"),
    good.replace("a%3A", "%ff"),
    good.replace("a%3A", "a b"),
    good.slice(0, -1),
  ]) {
    assert.equal(readInstance(text), null, text)
  }
})
