import assert from "node:assert/strict"
import { test } from "node:test"
import { readOutput } from "../../facts/read-output.ts"
import { maskRecord } from "./mask-record.ts"

const LIST = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
\t<key>AutomaticallyInstallMacOSUpdates</key>
\t<true/>
\t<key>CatalogURL</key>
\t<string>http://swupdate.uni-musterstadt.de/content/catalogs/others/index-15.sucatalog</string>
</dict>
</plist>
`
const TEXTS = [
  {
    name: "profiles__x.txt",
    text: "Enrolled via DEP: Yes\nMDM enrollment: Yes (User Approved)\nMDM server: https://mdm.chem.uni-musterstadt.de/mdm/ServerURL\n",
  },
  {
    name: "mount__x.txt",
    text: `/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
filesrv:/data/mueller on /System/Volumes/Data/mnt (nfs, nodev, nosuid)
homes.chem.uni-x.de:/export/home on /homes (nfs, nodev, nosuid, automounted)
https://dav.biologie.example.org/remote.php/files/lmayer on /opt/cloud (webdav, nodev, noexec, nosuid)
//CAMPUS;kschmidt@nas7.physik.example.org/arbeit on /opt/arbeit (smbfs, nodev, nosuid)
`,
  },
  {
    name: "df__x.txt",
    text: `Filesystem     1024-blocks      Used Available Capacity iused      ifree %iused  Mounted on
/dev/disk3s5     482797652 232423812 231331480    51% 2331432 2313314800    0%   /System/Volumes/Data
filesrv:/data/mueller 1000000 250000 750000    25% 100 1000 9%   /System/Volumes/Data/mnt
`,
  },
  { name: "plutil-SoftwareUpdate__x.txt", text: LIST },
  {
    name: "system_profiler-SPAirPort-json__x.txt",
    text: `{"SPAirPortDataType":[{"spairport_airport_interfaces":[{"_name":"en0","spairport_current_network_information":{"_name":"Lena \\"home\\" net","spairport_network_rate":1152},"spairport_airport_other_local_wireless_networks":[{"_name":"caf\\u00e9 a\\/b"}]}]}]}\n`,
  },
  {
    name: "pmset-g-assertions__x.txt",
    text: `2026-11-27 09:00:00 +0100
Assertion status system-wide:
   PreventUserIdleDisplaySleep    1
Listed by owning process:
   pid 512(Player): [0x0000000100018a2b] 00:12:00 PreventUserIdleDisplaySleep named: "com.example.film"
\tLocalized=Das Boot wird abgespielt
\tLocalized = Solaris
\tDetails: Stalker
`,
  },
]

test("names of servers, of folders on them and of networks are not in a record, in whatever form they stand there", () => {
  const { texts, leftOut } = maskRecord(TEXTS, [])
  assert.deepEqual(leftOut, [])
  const secrets =
    /musterstadt|uni-|chem|filesrv|mueller|homes\.|biologie|dav\.|lmayer|campus|kschmidt|nas7|physik|Lena|home\\|caf|Boot|Solaris|Stalker|example\.(org|film)/i
  for (const { name, text } of texts) assert.doesNotMatch(text, secrets, name)
  const of = (part: string) => texts.find(({ name }) => name.startsWith(part))?.text ?? ""
  assert.match(of("profiles"), /^MDM server: https:\/\/name\d+\/mdm\/ServerURL$/m)
  assert.match(of("mount"), /^name\d+:\/data\/name\d+ on \/System\/Volumes\/Data\/mnt \(nfs, /m)
  assert.match(of("plutil"), /"http:\/\/www\.apple\.com\/DTDs\/PropertyList-1\.0\.dtd"/)
  // The same server has the same mask in all of them.
  assert.equal(/^(name\d+):/m.exec(of("mount"))?.[1], /^(name\d+):/m.exec(of("df"))?.[1])
  const { sheet } = readOutput(of("plutil"), { hint: "plutil-SoftwareUpdate" })
  assert.equal(sheet.value("installsMacosItself"), true)
})
