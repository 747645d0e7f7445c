import assert from "node:assert/strict"
import { test } from "node:test"
import { readSshAddress } from "./ssh-address.ts"
import { sshProblem } from "./ssh-problem.ts"

test("an ssh address says where ssh goes and where the server listens there", () => {
  const read = (text: string) => {
    const { destination, port, serverPort, url } = readSshAddress(text)
    return [destination, port, serverPort, url]
  }
  assert.deepEqual(read("ssh://server"), ["server", null, 7480, "ssh://server"])
  assert.deepEqual(read("SSH://anna@lab-server.local:2222/"), [
    "anna@lab-server.local",
    2222,
    7480,
    "ssh://anna@lab-server.local:2222",
  ])
  assert.deepEqual(read("ssh://my_alias/7481"), ["my_alias", null, 7481, "ssh://my_alias/7481"])
  assert.deepEqual(read("ssh://anna@[fe80::1]:22"), ["anna@fe80::1", 22, 7480, "ssh://anna@[fe80::1]:22"])
})

test("nothing that ssh could take for an option or a command is an address", () => {
  const wrong = [
    "ssh://",
    "ssh://-oProxyCommand=x",
    "ssh://-a@b",
    "ssh://a b",
    "ssh://a:0",
    "ssh://a/70000",
    "ssh://a/x",
  ]
  for (const text of [...wrong, "ssh://a:secret@b", "ssh://a@b@c", "ssh://a\nb", "ssh://a/7480/x"]) {
    assert.throws(() => readSshAddress(text), { code: "invalid_input", message: /it is no ssh address/ }, text)
  }
})

test("what ssh says is told in words, with the line to try; what is not known is passed on", () => {
  const address = readSshAddress("ssh://anna@server:2222")
  const told = (said: string) => {
    const { message, hint } = sshProblem(address, said)
    return [message.replace(/.*ssh:\/\/\S+: /, ""), hint]
  }
  assert.deepEqual(told("Warning: x\nHost key verification failed.\n"), [
    "ssh does not know its host key yet",
    "Log in once by hand and compare the key: ssh -p 2222 anna@server",
  ])
  assert.match(told("anna@server: Permission denied (publickey).")[1] ?? "", /ssh-copy-id -p 2222 anna@server/)
  assert.match(told("ssh: connect to host server port 2222: Connection refused")[0] ?? "", /does not get there/)
  assert.deepEqual(told("Bad configuration option: frob"), [
    "ssh says: Bad configuration option: frob",
    "Try ssh -p 2222 anna@server",
  ])
})
