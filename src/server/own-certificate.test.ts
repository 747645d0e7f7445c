import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { X509Certificate } from "node:crypto"
import { readdirSync, rmSync, statSync } from "node:fs"
import { test } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { systemClock } from "../base/clock.ts"
import { fingerprintOf } from "./certificate.ts"
import { ownCertificate } from "./own-certificate.ts"

const skip = spawnSync("openssl", ["version"]).status === 0 ? false : "there is no openssl here"
const names = { hosts: ["studio.local"], addresses: ["10.0.0.7", "fd00::2"] }

test("a server's own certificate is for its names, for years, and stays the same", { skip }, async () => {
  using folder = new ScratchFolder()
  const make = () => ownCertificate(folder.at("tls"), systemClock(), names)
  const made = await make()
  const read = new X509Certificate(made.cert)
  assert.deepEqual([read.checkHost("studio.local"), read.checkIP("10.0.0.7")], ["studio.local", "10.0.0.7"])
  assert.equal(read.checkHost("other.local"), undefined)
  assert.equal(read.ca, false)
  assert.ok(new Date(read.validTo).getTime() - Date.now() > 9 * 365 * 86_400_000)
  assert.deepEqual(readdirSync(folder.at("tls")).sort(), ["cert.pem", "key.pem"])
  assert.equal(statSync(folder.at("tls/key.pem")).mode & 0o777, 0o600)
  assert.deepEqual(await make(), made)
})

test("a key whose certificate was not made yet is made anew with it", { skip }, async () => {
  using folder = new ScratchFolder()
  const first = await ownCertificate(folder.at("tls"), systemClock(), names)
  rmSync(folder.at("tls/cert.pem"))
  const second = await ownCertificate(folder.at("tls"), systemClock(), names)
  assert.notEqual(fingerprintOf(second.cert), fingerprintOf(first.cert))
  assert.match(fingerprintOf(second.cert), /^SHA256:[A-Za-z0-9+/]{43}$/)
})

test("a certificate that cannot be made is said, and leaves none", { skip }, async () => {
  using folder = new ScratchFolder()
  const wrong = ownCertificate(folder.at("tls"), systemClock(), { hosts: [], addresses: ["nowhere"] })
  await assert.rejects(wrong, { code: "internal", hint: /--tls-cert FILE --tls-key FILE/ })
  assert.deepEqual(readdirSync(folder.at("tls")), ["key.pem"])
})
