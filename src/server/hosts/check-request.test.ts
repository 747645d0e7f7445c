import assert from "node:assert/strict"
import { it } from "node:test"
import type { HostFacts } from "../../protocol/host.ts"
import type { HostRecord } from "../../store/host-record.ts"
import { checkNew, checkNewMachine } from "./check-request.ts"
import type { Hello } from "./host-channel.ts"

const RECORD = { name: "mac-3", address: "jobs@mac-3.local", hostKey: "k1", machine: "a".repeat(64), leaving: null }
const known = { hosts: () => [RECORD as unknown as HostRecord], checkName: () => {} }
const hello = (machine: string | undefined, platform: HostFacts["platform"] = "darwin") =>
  ({ facts: { platform }, ...(machine === undefined ? {} : { machine }) }) as unknown as Hello

it("knows a host by its key under another address, and says how to change that", () => {
  const isSame = ({ hostKey }: HostRecord) => hostKey === "k1"
  assert.throws(() => checkNew(known, isSame, "jobs@renamed.local"), {
    code: "name_taken",
    hint: /^If it is reached there from now on: windfall host set mac-3 --address jobs@renamed\.local/,
    details: { host: "mac-3" },
  })
  assert.throws(() => checkNew(known, isSame, "jobs@mac-3.local"), { hint: "windfall host show mac-3" })
  checkNew(known, ({ hostKey }) => hostKey === "k2", "jobs@other.local")
})

it("knows a Mac whose host key is new; not a Linux box, nor who says nothing", () => {
  assert.throws(() => checkNewMachine(known, hello("a".repeat(64)), "jobs@new.local"), {
    code: "name_taken",
    message: "Cannot add jobs@new.local: it is the Mac that is in the pool as mac-3",
  })
  checkNewMachine(known, hello("b".repeat(64)), "jobs@new.local")
  checkNewMachine(known, hello(undefined), "jobs@new.local")
  checkNewMachine(known, hello("a".repeat(64), "linux"), "jobs@new.local")
})
