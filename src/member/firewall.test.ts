import assert from "node:assert/strict"
import { describe, it } from "node:test"
import { type Ask, programThatIsAskedFor } from "./firewall.ts"

const NODE = "/Users/ada/.windfall/runtime/node-1/node"
const WORKER = "/opt/homebrew/bin/ggml-rpc-server"

/** A Mac's answers, by the first word or by the program that is asked about. */
function mac(answers: Readonly<Record<string, string>>): Ask {
  return async (_, words) => answers[words.at(-1) ?? ""] ?? answers[words[0] ?? ""] ?? ""
}

const ON = {
  "--getglobalstate": "Firewall is enabled. (State = 1)\n",
  "--getblockall": "Firewall has block all state set to disabled.\n",
  "--getallowsigned":
    "Automatically allow built-in signed software ENABLED.\nAutomatically allow downloaded signed software ENABLED.\n",
  "--getappblocked": "The application is not part of the firewall\n",
}

describe("macOS's firewall, before a member listens", () => {
  it("asks nothing where it is off; where it does not say so, that is not taken for granted", async () => {
    const off = { ...ON, "--getglobalstate": "Firewall is disabled. (State = 0)\n" }
    assert.equal(await programThatIsAskedFor([WORKER], mac(off)), null)
    assert.match((await programThatIsAskedFor([WORKER], mac({})))?.why ?? "", /does not say/)
  })

  it("asks about what nobody known has signed, and not about what is let already", async () => {
    const asking = await programThatIsAskedFor([WORKER], mac(ON))
    assert.equal(asking?.program, WORKER)
    assert.match(asking?.why ?? "", /would ask on its screen/)
    const signed: Ask = async (program, words) => {
      if (!program.endsWith("codesign")) return mac(ON)(program, words)
      return words.includes(NODE)
        ? "Authority=Developer ID Application: Node.js Foundation (HX7739G8FX)\nAuthority=Apple Root CA\n"
        : "Signature=adhoc\n"
    }
    assert.equal(await programThatIsAskedFor([NODE], signed), null)
    assert.equal((await programThatIsAskedFor([NODE, WORKER], signed))?.program, WORKER)
    const careful = { ...ON, "--getallowsigned": "Automatically allow downloaded signed software DISABLED.\n" }
    const noneSigned: Ask = (program, words) =>
      program.endsWith("codesign") ? signed(program, words) : mac(careful)(program, words)
    assert.equal((await programThatIsAskedFor([NODE], noneSigned))?.program, NODE)
    const allowed = { ...ON, "--getappblocked": "Incoming connection to the application is permitted \n" }
    assert.equal(await programThatIsAskedFor([WORKER], mac(allowed)), null)
  })

  it("is told of where it blocks the program, or all", async () => {
    const blocked = { ...ON, "--getappblocked": "Incoming connection to the application is blocked \n" }
    assert.match((await programThatIsAskedFor([WORKER], mac(blocked)))?.why ?? "", /blocks .*ggml-rpc-server/)
    const all = {
      ...ON,
      "--getglobalstate": "Firewall is blocking all non-essential incoming connections. (State = 2)\n",
    }
    assert.match((await programThatIsAskedFor([WORKER], mac(all)))?.why ?? "", /blocks all/)
  })
})
