import assert from "node:assert/strict"
import { test } from "node:test"
import fc from "fast-check"
import { MAC_NAMES, macExamination } from "../../../test/support/mac-outputs.ts"
import { readOutput } from "../../facts/read-output.ts"
import { recordFiles } from "../host-record-files.ts"
import { isIpv6 } from "./addresses.ts"
import { isEverybodys } from "./find-secrets.ts"
import { maskRecord } from "./mask-record.ts"

const AT = "2026-11-27T09:00:00Z"
/** All that tells of the invented Mac and of its invented people. */
const SECRETS = [
  ...["adalove", "Ada", "Lovelace", "wfjobs", "adas-mac-studio", "vault", "Backup", "Analytical", "birthday"],
  ...["J7Q2XW9KLM", "3fa90c11", "05AC3C0DE1A2B3C4"],
  ...["3B6E1D70-52AC-5E0F-9C11-0D4E7A55B3C2", "001A2B3C4D5E6F70", "7F0B2C1D", "5A1C9E70", "8E2B9C44"],
  ...["d2:11:e5:18:aa:31", "d2:11:e5:1d:b9:b8", "10.42.7", "4c1:7bff:fe22:9d01", "2a01:db9:77:1"],
]

test("nothing that tells of one Mac or its people is in its record, and the record tells what the Mac does", () => {
  const examination = macExamination({}, { extent: "record" })
  const { files, commands, leftOut, label, masked } = recordFiles(examination, AT)
  assert.deepEqual(leftOut, [])
  assert.equal(label, "mac15,14-macos26.1")
  assert.equal(files.length, examination.outputs.length)
  assert.equal(new Set(files.map(({ name }) => name)).size, files.length, "names of files are different")
  assert.deepEqual(
    commands.map(({ file }) => file),
    files.map(({ name }) => name),
  )
  for (const { name, text } of files) {
    for (const secret of SECRETS) {
      // Not as a part of another word: vm.loadavg has "ada".
      const whole = new RegExp(`(?<![a-z0-9])${RegExp.escape(secret)}(?![a-z0-9])`, "i")
      assert.ok(!whole.test(text), `${name} has ${secret}`)
    }
    assert.notEqual(readOutput(text, { hint: name }).command, null, `${name} is recognised`)
  }
  assert.ok(Object.values(masked).every((count) => (count ?? 0) > 0))
  // The same value has the same mask wherever it stands.
  const of = (part: string) => files.find(({ name }) => name.startsWith(part))?.text ?? ""
  const [, ether] = /ether (\S+)/.exec(of("ifconfig")) ?? []
  assert.ok(ether !== undefined && of("networksetup").includes(`Ethernet Address: ${ether}`))
  assert.ok(of("netstat").includes(ether ?? "?"))
  assert.equal(/"IOConsoleUsers".*NameKey"="(\w+)"/.exec(of("ioreg-Root"))?.[1], /^(\w+) /.exec(of("who"))?.[1])
})

test("what a command said on standard error is recorded beside it, masked; what was cut counts as not ended", () => {
  const refused = { stdout: "", stderr: "ls: /Users/adalove: Operation not permitted\n", exitCode: 1 }
  const changes = { "ls-protected": refused, df: { isCut: true } }
  const { files, commands } = recordFiles(macExamination(changes, { extent: "record" }), AT)
  const text = files.find(({ name }) => name === "ls-protected__mac15,14-macos26.1__stderr.txt")?.text
  assert.match(text ?? "", /^ls: \/Users\/name\d+: Operation not permitted\n$/)
  assert.equal(commands.find(({ file }) => file.startsWith("df"))?.outcome, "timed_out")
  assert.equal(commands.find(({ file }) => file.startsWith("ls-protected"))?.exitCode, 1)
})

test("a text whose masks would change what it tells is left out", () => {
  const texts = [
    { name: "sysctl__x.txt", text: "hw.model: Mac15,14\nhw.memsize: 103079215104\n" },
    { name: "sw_vers__x.txt", text: "ProductName:\t\tmacOS\nProductVersion:\t\t26.1\nBuildVersion:\t\t25B71\n" },
  ]
  const { leftOut, texts: kept } = maskRecord(texts, ["hw.memsize"])
  assert.deepEqual(leftOut, ["sysctl__x.txt"])
  assert.equal(kept.length, 1)
})

const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length })
const octet = fc.integer({ min: 0, max: 255 })
const ipv4 = fc.tuple(fc.integer({ min: 1, max: 223 }), octet, octet, octet).map((parts) => parts.join("."))
const mac = fc.array(hex(2), { minLength: 6, maxLength: 6 }).map((parts) => parts.join(":"))
const uuid = fc.tuple(hex(8), hex(4), hex(4), hex(4), hex(12)).map((parts) => parts.join("-").toUpperCase())
const ipv6 = fc
  .array(hex(4), { minLength: 3, maxLength: 8 })
  .map((groups) => (groups.length === 8 ? groups.join(":") : `${groups.slice(0, -1).join(":")}::${groups.at(-1)}`))
const name = fc
  .string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz"), minLength: 3, maxLength: 12 })
  .filter((one) => !isEverybodys(one) && !/^name/.test(one))
const serial = fc
  .string({ unit: fc.constantFrom(..."ABCDEFGHJKLMNPQRTUVWXYZ0123456789"), minLength: 8, maxLength: 12 })
  .filter((one) => /\d/.test(one) && /[A-Z]/.test(one) && !/^[0X]+$/.test(one))

test("no address, identifier, serial number or name survives, wherever in a line it stands", () => {
  const around = fc.constantFrom(
    ["", ""],
    [" ", " "],
    ['"', '"'],
    ["(", ")"],
    ["=", ";"],
    ["<", ">"],
    ["\t", "%en0"],
    ["@", "/24"],
  )
  const secrets = fc.record({ ipv4, mac, uuid, ipv6, name, serial })
  fc.assert(
    fc.property(
      secrets,
      around,
      fc.constantFrom("pmset-g", "ifconfig", "mount", "who", "odd"),
      (one, [before, after], file) => {
        const lines = Object.values(one).map((value) => `key ${before}${value}${after} rest`)
        const text = `${lines.join("\n")}\n"serial_number" : "${one.serial}"\n/Users/${one.name}/x\n`
        const { texts, leftOut } = maskRecord([{ name: `${file}__x.txt`, text }], [one.name])
        const masked = (texts[0]?.text ?? "").toLowerCase()
        if (leftOut.length > 0) return
        for (const [kind, value] of Object.entries(one)) {
          if (kind === "ipv4" && /^127\./.test(value)) continue
          // A mask may be, by chance, what a short name or number is.
          const isThere = new RegExp(`(?<![\\w.:])${value.toLowerCase().replaceAll(".", "\\.")}(?![\\w:])`).test(masked)
          assert.ok(!isThere, `${kind} ${value} is in ${masked}`)
        }
      },
    ),
    { numRuns: 300 },
  )
})

test("a mask has its value's form, equal values have equal masks, and others have others", () => {
  const both = fc.tuple(
    fc.uniqueArray(ipv4, { minLength: 2, maxLength: 2 }),
    fc.uniqueArray(ipv6, { minLength: 2, maxLength: 2 }),
  )
  fc.assert(
    fc.property(both, fc.uniqueArray(uuid, { minLength: 2, maxLength: 2 }), ([four, six], uuids) => {
      const values = [...four, ...six, ...uuids]
      const text = [...values, ...values].map((value) => `x ${value}\n`).join("")
      const lines = (maskRecord([{ name: "odd.txt", text }], []).texts[0]?.text ?? "").trim().split("\n")
      assert.equal(lines.length, values.length * 2)
      assert.deepEqual(lines.slice(0, values.length), lines.slice(values.length))
      const of = (at: number) => (lines[at] ?? "").slice(2)
      for (const at of [0, 1]) assert.match(of(at), /^\d+\.\d+\.\d+\.\d+$/)
      for (const at of [2, 3]) assert.ok(isIpv6(of(at)), of(at))
      for (const at of [4, 5]) assert.match(of(at), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
      for (const at of [0, 2, 4]) assert.notEqual(of(at), of(at + 1))
    }),
    { numRuns: 200 },
  )
})

test("what every machine has stays: loopback, versions, times, Apple's own groups, accounts of the system", () => {
  const text = [
    "inet 127.0.0.1 netmask 0xff000000",
    "inet6 ::1 prefixlen 128",
    "inet6 fe80::1%lo0 prefixlen 64 scopeid 0x1",
    "broadcast 255.255.255.255 0.0.0.0",
    "version 26.6.2 root:xnu-12377.41.6~2",
    "09:15:00 2026-11-27 10:42:07",
    "NestedGroups: ABCDEFAB-CDEF-ABCD-EFAB-CDEF00000050",
    "/Users/Shared root daemon _spotlight",
    "",
  ].join("\n")
  assert.equal(maskRecord([{ name: "odd.txt", text }], ["root", "Shared", ...MAC_NAMES]).texts[0]?.text, text)
})
