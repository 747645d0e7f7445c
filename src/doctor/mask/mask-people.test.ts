import assert from "node:assert/strict"
import { test } from "node:test"
import { maskRecord } from "./mask-record.ts"

function masked(name: string, text: string): string {
  const { texts, leftOut } = maskRecord([{ name: `${name}__x.txt`, text }], [])
  assert.deepEqual(leftOut, [], name)
  return texts[0]?.text ?? ""
}

test("accounts and servers of volumes that are mounted over ssh, and by whom they are mounted", () => {
  const mount = masked(
    "mount",
    `frida@host77.bar.example:/data on /Users/Shared/sshfs (macfuse, nodev, nosuid, synchronous, mounted by gus)
bertha@host78.bar.example: on /Users/Shared/more (macfuse, nodev, nosuid)
[2001:db8::77]:/export/erik on /Volumes/Export (nfs, nodev, nosuid)
filesrv:/data/Group Meier on /Volumes/Group (nfs, nodev, nosuid)
`,
  )
  assert.doesNotMatch(mount, /frida|host7|bar\.|gus|bertha|erik|filesrv|Meier|db8::77/i)
  assert.match(mount, /^name\d+@name\d+:\/data on \/Users\/Shared\/sshfs \(macfuse, .*, mounted by name\d+\)$/m)
  const df = masked(
    "df",
    `Filesystem     1024-blocks      Used Available Capacity iused      ifree %iused  Mounted on
frida@host77.bar.example:/data 1000000 250000 750000    25% 100 1000 9%   /Users/Shared/sshfs
[2001:db8::77]:/export/erik 1000000 250000 750000    25% 100 1000 9%   /Volumes/Export
`,
  )
  assert.doesNotMatch(df, /frida|host7|bar\.|erik|db8::77/i)
})

test("for whom FileVault waits", () => {
  const text = "FileVault is Off.\nDeferred enablement appears to be active for user 'konrad'.\n"
  assert.match(masked("fdesetup", text), /for user 'name\d+'\.$/m)
})

test("reasons against sleep, to the last quote of their line", () => {
  const row = (title: string) =>
    `   pid 512(Player): [0x0000000100018a2b] 00:12:00 PreventUserIdleDisplaySleep named: "${title}`
  const text = ['say "hi" Emil" ', 'of "Emil"" ', "Emil has", 'a "b" Emil'].map(row).join("\n")
  const told = masked("pmset-g-assertions", `Listed by owning process:\n${text}\n`)
  assert.doesNotMatch(told, /Emil|hi|say/)
  assert.match(told, /named: "masked text 1" $/m)
})

test("names of Macs that are connected over Thunderbolt", () => {
  const item = (name: string, model: string) =>
    `{"_name":"${name}","device_name_key":"${model}","domain_uuid_key":"7A0F0B6E-1E0B-4C53-9E43-0C9B6B1E7A01"}`
  const text = `{"SPThunderboltDataType":[{"_name":"thunderboltusb4_bus_2","device_name_key":"Mac Studio","_items":[${item("Emil\u2019s MacBook", "Mac17,7")},${item("rechenknecht", "Mac15,14")},${item("MacBook Pro", "Mac17,7")}]}]}\n`
  const told = masked("system_profiler-SPThunderbolt-json", text)
  assert.doesNotMatch(told, /Emil|rechenknecht/)
  assert.match(told, /"_name":"MacBook Pro"/)
  assert.match(told, /"_name":"thunderboltusb4_bus_2"/)
})

test("networks and addresses of IPv6 that netstat cut", () => {
  const text = `Name  Mtu   Network       Address            Ipkts Ierrs     Ibytes    Opkts Oerrs     Obytes  Coll
lo0   16384 ::1/128     ::1                 174982     -   25774844   174982     -   25774844     -
en1   1500  <Link#4>    b8:8d:12:3a:32:de  5921903     0 2530556736 14314573     0 18228234970     0
en1   1500  fe80::ba8d: fe80:4::ba8d:12ff  5921903     - 2530556736 14314573     - 18228234970     -
en1   1500  2001:44b8:4 2001:44b8:4186:11  5921903     - 2530556736 14314573     - 18228234970     -
utun0 1380  fd54:185f:3 fd54:185f:37df:ca  5921903     - 2530556736 14314573     - 18228234970     -
`
  const told = masked("netstat-ibn", text)
  assert.doesNotMatch(told, /44b8|4186|ba8d|185f|37df|12ff/)
  assert.match(told, /::1\/128 +::1 /)
  assert.match(told, /^en1 +1500 +2001:db8:0:\w{4} 2001:db8:0:\w{4} /m)
})

test("members of a group, where the list is on lines of its own", () => {
  for (const list of [" hanna jonas", "\n hanna jonas", "\n hanna\n jonas"]) {
    const text = `RecordName: com.apple.access_ssh\nGroupMembership:${list}\nPrimaryGroupID: 399\n`
    const { texts } = maskRecord([{ name: "dscl-read__x.txt", text }], [])
    assert.doesNotMatch(texts[0]?.text ?? "", /hanna|jonas/, list)
  }
})
