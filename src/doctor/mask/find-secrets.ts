import { isSystemName } from "../../protocol/account-traits.ts"
import { isIpv6 } from "./addresses.ts"
import { pathsOfServers, serversIn } from "./find-servers.ts"

/** What is known of a machine only by where it stands. */
export interface FoundSecrets {
  readonly serials: ReadonlySet<string>
  readonly names: ReadonlySet<string>
}

export interface RecordText {
  /** Of the file: which command printed it. */
  readonly name: string
  readonly text: string
}

/** Words that systems, models and commands use themselves. As an account's name they tell nobody anything. */
const EVERYBODYS: ReadonlySet<string> = new Set(
  `apple mac macs macbook imac macos macmini macstudio pro air mini max ultra studio laptop desktop computer local localhost localdomain lan home
  user users test guest owner console power battery network wifi ethernet thunderbolt display displays system service services data disk disks volume
  volumes remote login jobs job windfall runner build ci server client on off yes no true false none null unknown root the of and for with lab
  name active inactive online offline charging charged serial number version build graphics audio video cpu gpu memory sleep wake preboot vm update
  recovery hardware default gateway interface destination mask link inet metal spdisplays en0 en1 lo0 loginwindow finder dock kernel xcode library
  com net org edu gov example lan internal corp de ch at uk fr eu ac ups dev private var tmp etc bin sbin usr opt nfs smb apfs hfs net proc macintosh hd time machine lid open close idle long short
  mdm dep enrollment url http https www nfs4 dav webdav file files filer group groups export exports share shares catalog content index swscan swupdate`
    .split(/\s+/)
    .filter((word) => word !== ""),
)

export function isEverybodys(name: string): boolean {
  const plain = name.toLowerCase()
  return (
    plain.length < 2 || /^\d+$/.test(plain) || plain.startsWith("_") || EVERYBODYS.has(plain) || isSystemName(plain)
  )
}

const SERIAL = /serial[\w ()-]*"?\s*(?:=>|[:=])\s*"?([A-Za-z0-9][A-Za-z0-9./-]{3,40})/gi
/** Where accounts, people, machines, servers and volumes are named in what the commands of a record print. */
const NAMES: readonly RegExp[] = [
  /\/Users\/([^/\s"',;:()<>]+)/g,
  /kCGSSession(?:Long)?UserNameKey"?\s*[:=]\s*"?([^"\n,;}]+)/g,
  /kCGSessionLongUserNameKey"?\s*[:=]\s*"?([^"\n,;}]+)/g,
  /^\s+Name : (\S.*)$/gm,
  /^(?:GroupMembership|dsAttrTypeStandard:GroupMembership):((?: .+| *\n .+)(?:\n .+)*)$/gm,
  /\bmounted by ([^,)\n]+)/g,
  /^Deferred enablement appears to be active for user '([^\n]+)'/gm,
  /(?<![:\w])\/\/(?:([^/@\s:]+)(?::[^/@\s]*)?@)?([^/\s]+)\//g,
  /(?<!\/System)\/Volumes\/([^/\n("]*[^/\s("])/g,
  /"?(?:ComputerName|LocalHostName|HostName|local_host_name|user_name)"?\s*[:=]\s*"?([^"\n,;}]+)/g,
]

/** Looks through all texts of a record for what their forms do not tell. `known` are names that the machine itself gave. */
export function findSecrets(texts: readonly RecordText[], known: readonly string[]): FoundSecrets {
  const serials = new Set<string>()
  const names = new Set<string>()
  for (const name of known) addName(names, name)
  for (const { name: file, text } of texts) {
    for (const [, serial = ""] of text.matchAll(SERIAL)) {
      // Words and noughts stand for none.
      if (/\d/.test(serial) && !/^[0x]+$/i.test(serial)) serials.add(serial.replace(/[.-]+$/, ""))
    }
    for (const form of NAMES) {
      for (const [, ...groups] of text.matchAll(form)) {
        for (const group of groups) if (group !== undefined) addNames(names, group, form.source.startsWith("^(?:Group"))
      }
    }
    if (/^who/.test(file)) for (const name of namesOfWho(text)) addName(names, name)
    if (/AirPort/i.test(file)) for (const name of namesOfWifi(text)) names.add(name)
    if (/Thunderbolt/i.test(file)) for (const name of namesOfPeers(text)) addName(names, name)
    for (const server of serversIn(file, text)) addServer(names, server)
    for (const part of pathsOfServers(file, text)) addName(names, part)
  }
  return { serials, names }
}

function addNames(names: Set<string>, text: string, isList: boolean): void {
  for (const one of isList ? text.split(/\s+/) : [text]) addName(names, one)
}

/** A person's name is known by each of its words, too; "Ada's Mac Studio" is a machine's. */
function addName(names: Set<string>, text: string): void {
  const name = text.trim()
  // An address is masked by its form.
  if (isEverybodys(name) || name.length > 100 || /^\d+(\.\d+)+/.test(name) || isIpv6(name)) return
  names.add(name)
  for (const word of name.split(/[\s.@;_-]+/)) {
    const plain = word.replace(/['\u2019]s$/, "")
    if (plain.length >= 3 && plain !== name && !isEverybodys(plain)) names.add(plain)
  }
}

/** With its domain, and the domains that is in. */
function addServer(names: Set<string>, server: string): void {
  const labels = server.split(".")
  for (let at = 0; at < labels.length - 1; at++) addName(names, labels.slice(at).join("."))
  for (const label of labels) addName(names, label)
}

/** `who`: the account, its terminal, since when, and from where in brackets. */
function namesOfWho(text: string): string[] {
  return text.split("\n").flatMap((line) => {
    const match = /^(\S+)\s+(?:console|ttys?\w+)\s+\w{3} .*?(?:\(([^)]+)\))?\s*$/.exec(line)
    return match === null ? [] : [match[1] ?? "", match[2] ?? ""]
  })
}

/** What is connected over Thunderbolt: a Mac by its owner's name for it. Names of buses, services, models and products stay. */
function namesOfPeers(text: string): string[] {
  const products = new Set(
    [...text.matchAll(/"device_name_key"\s*:\s*"((?:[^"\\]|\\.)+)"/g)].map(([, name = ""]) => name),
  )
  const isKept = (name: string) =>
    products.has(name) ||
    /^(thunderbolt\w*|service_ip|\w+_service|(MacBook|Mac|iMac)( (Pro|Air|mini|Studio|Neo))?)$/.test(name)
  const written = [...text.matchAll(/"_name"\s*:\s*"((?:[^"\\]|\\.)+)"/g)].map(([, name = ""]) => name)
  return written.filter((name) => !isKept(name)).flatMap((name) => [name, decoded(name)])
}

/** Names of networks, as they stand there and decoded; those of interfaces and of kinds stay. */
function namesOfWifi(text: string): string[] {
  const written = [...text.matchAll(/"_name"\s*:\s*"((?:[^"\\]|\\.)+)"/g)].map(([, name = ""]) => name)
  return written.flatMap((name) => [...keptWifi(name), ...keptWifi(decoded(name))])
}

function decoded(name: string): string {
  try {
    return JSON.parse(`"${name}"`) as string
  } catch {
    return name
  }
}

function keptWifi(name: string): string[] {
  return /^(en|awdl|llw|ap|utun)\d+$|^spairport_|^<redacted>$|^Wi-Fi$/.test(name) ? [] : [name]
}
