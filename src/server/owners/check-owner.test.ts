import assert from "node:assert/strict"
import { test } from "node:test"
import { TestServer } from "../../../test/support/test-server.ts"
import type { AccountLook } from "../../protocol/account-look.ts"
import { WindfallError } from "../../protocol/errors.ts"
import type { HostOwnerView } from "../../protocol/owner-api.ts"
import { checkConsoleAccount, lookThere } from "./check-owner.ts"

test("whose a host is must be a user, and the nearest one is named; nothing is changed otherwise", async () => {
  await using server = await TestServer.start()
  await server.userToken("lena")
  await server.hosts.join("alpha")
  const set = (body: object) => server.call<HostOwnerView>("POST", "/v1/hosts/alpha/owner", body)
  await assert.rejects(set({ owner: "lenaa" }), { code: "user_not_found", hint: /^Did you mean lena\?/ })
  await assert.rejects(set({ owner: "zacharias", consoleAccount: "z" }), { hint: /windfall user ls/ })
  const add = { address: "sim@beta", port: null, name: "beta", fleet: null, labels: {}, hostKey: "", takeOver: false }
  await assert.rejects(server.call("POST", "/v1/hosts", { ...add, owner: "lenaa" }), { code: "user_not_found" })
  const { hosts } = await server.call<{ hosts: { name: string; owner: string | null }[] }>("GET", "/v1/hosts")
  assert.deepEqual(
    hosts.map(({ name, owner }) => [name, owner]),
    [["alpha", null]],
  )
  assert.deepEqual([(await set({ owner: "lena" })).owner, (await set({ owner: null })).owner], ["lena", null])
})

test("a host that cannot be asked takes any account, and says that it was not looked for", async () => {
  await using server = await TestServer.start()
  const host = await server.hosts.join("alpha")
  host.cut("gone")
  const { accountLook, consoleAccount } = await server.call<HostOwnerView>("POST", "/v1/hosts/alpha/owner", {
    consoleAccount: "mia.w",
  })
  assert.equal(consoleAccount, "mia.w")
  assert.equal(accountLook?.found, "unknown")
})

const none = new AbortController().signal

/** A host that answers so. */
function answering(answer: () => AsyncIterable<Uint8Array>) {
  return { ask: async () => answer() }
}

function saying(look: unknown) {
  return answering(async function* () {
    yield Buffer.from(JSON.stringify(look))
  })
}

test("only what the host itself says is missing is refused", async () => {
  const check = (look: unknown) => checkConsoleAccount(saying(look), "mia.w", "mac-3", none)
  assert.deepEqual(await check({ found: "there" }), { found: "there" })
  await assert.rejects(check({ found: "missing", nearest: null } satisfies AccountLook), {
    code: "invalid_input",
    message: "Cannot take mia.w for the owner's account: mac-3 has no such account",
    hint: /dscl \. -list \/Users/,
  })
  await assert.rejects(check({ found: "missing", nearest: "mia" }), { hint: "Did you mean mia?" })
  for (const odd of [null, {}, { found: "perhaps" }, { found: "unknown" }, [], 7]) {
    assert.equal((await check(odd)).found, "unknown", JSON.stringify(odd))
  }
  const endless = answering(async function* () {
    for (;;) yield Buffer.alloc(4096, "x")
  })
  assert.equal((await lookThere(endless, "mia.w", none)).found, "unknown")
  const older = {
    ask: () => Promise.reject(new WindfallError("route_not_found", "Cannot answer POST /account: no such route")),
  }
  assert.deepEqual(await lookThere(older, "mia.w", none), {
    found: "unknown",
    reason: "its agent is of an earlier release",
  })
})
