import assert from "node:assert/strict"
import { test } from "node:test"
import { TestServer } from "../../../test/support/test-server.ts"
import { hostState } from "../../cli/commands/host-ls.ts"
import type { AccountTrait } from "../../protocol/account-traits.ts"
import type { DoctorReport } from "../../protocol/api.ts"
import type { HostView } from "../../protocol/host.ts"

test("a host whose account is somebody's own is marked, and doctor says what jobs could read there", async () => {
  await using server = await TestServer.start()
  const cases: readonly [readonly AccountTrait[] | undefined, code: string, level: string, state: string][] = [
    [["administrator", "console_user"], "account_of_owner", "warning", "ready, owner's account"],
    [["root"], "account_of_owner", "note", "ready"],
    [[], "shared_account", "note", "ready"],
    [undefined, "shared_account", "note", "ready"],
  ]
  for (const [index, [accountTraits, code, level, state]] of cases.entries()) {
    const name = `host${index}`
    await server.hosts.join(name, accountTraits === undefined ? {} : { accountTraits })
    assert.equal(hostState(await server.call<HostView>("GET", `/v1/hosts/${name}`)), state)
    const { findings } = await server.call<DoctorReport>("GET", "/v1/doctor")
    const found = findings.find((one) => one.subject === name && /account/.test(one.code))
    assert.deepEqual([found?.code, found?.level], [code, level])
    if (code === "account_of_owner") assert.match(found?.text ?? "", /jobs could|could read and change/i)
  }
})
