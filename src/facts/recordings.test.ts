import assert from "node:assert/strict"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { countWrong } from "../../test/support/count-wrong-facts.ts"
import { RECORDED } from "../../test/support/recorded-facts.ts"
import { readOutput } from "./read-output.ts"

/** What real Macs printed lies beside the project where its licences allow that; the project itself carries none of it. */
const FOLDER = join(import.meta.dirname, "../../../shared/recordings/macos")
const skip = existsSync(FOLDER) ? false : `there are no recordings of Macs in ${FOLDER}`

test("every recording is recognised, by content alone too, and tells what it is described to tell", { skip }, () => {
  const described = new Set(RECORDED.map(({ file }) => file))
  const unknown = readdirSync(FOLDER).filter((file) => !described.has(file))
  assert.deepEqual(unknown, [], "recordings that the table does not have")
  for (const { file, command, facts } of RECORDED) {
    const text = readFileSync(join(FOLDER, file), "utf8")
    const { command: recognised, sheet } = readOutput(text, { hint: file })
    assert.equal(recognised, command, file)
    assert.equal(readOutput(text).command, command, `${file}, without its name`)
    const told = new Map(sheet.facts().flatMap((fact) => (fact.known ? [[named(fact), fact.value] as const] : [])))
    for (const [name, value] of Object.entries(facts)) assert.deepEqual(told.get(name), value, `${file}: ${name}`)
  }
})

test("damaged recordings give no wrong fact", { skip }, () => {
  const recordings = readdirSync(FOLDER)
    .filter((file) => file.endsWith(".txt"))
    .map((file) => ({ hint: file, text: readFileSync(join(FOLDER, file), "utf8") }))
  const { wrong, known } = countWrong(recordings, { count: 1_500, seed: 20_261_127 })
  assert.deepEqual(wrong, [])
  assert.ok(known > 5_000, `only ${known} facts were left`)
})

function named({ name, of }: { readonly name: string; readonly of?: string }): string {
  return of === undefined ? name : `${name} ${of}`
}
