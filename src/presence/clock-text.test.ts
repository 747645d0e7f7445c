import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { clockText, dayText } from "./clock-text.ts"

const BERLIN = "Europe/Berlin"
const utc = (text: string) => Date.parse(`${text}Z`)

describe("clockText()", () => {
  const NOW = utc("2026-11-27T11:00:00")
  const rows: [string, string][] = [
    ["2026-11-27T17:00:00", "18:00"],
    ["2026-11-27T23:00:00", "tomorrow 00:00"],
    ["2026-11-28T03:00:00", "tomorrow 04:00"],
    ["2026-11-30T08:00:00", "Mon 09:00"],
    ["2026-12-04T08:00:00", "2026-12-04 09:00"],
    ["2026-11-26T08:00:00", "2026-11-26 09:00"],
  ]
  for (const [at, text] of rows) it(`${at}: ${text}`, () => assert.equal(clockText(utc(at), NOW, BERLIN), text))

  it("names a day", () => assert.equal(dayText(NOW, BERLIN), "Fri 27 Nov"))
})
