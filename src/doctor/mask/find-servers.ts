/** The host of a URL, and who asks it: `https://lena@dav.uni.example:8443/files/`. */
const URL_HOST = /(?<![\w+.-])[a-z][a-z0-9+.-]*:\/\/(?:([^/@\s"'<>]+)@)?([\p{L}\p{N}][\p{L}\p{N}._-]*)/giu
/**
 * `filesrv:/data/group`, as NFS names what is mounted (mount_nfs(8)), and `lena@filesrv:/data`, as sshfs does. An address in
 * brackets is masked by its form. Behind it stands where it is mounted, or its size.
 */
const NFS =
  /^(?:([^@\s:]+)@)?([\p{L}\p{N}][\p{L}\p{N}._-]*|\[[0-9A-Fa-f:.]+(?:%\w+)?\]):((?:\/\S*)?(?: \S+)*?)(?= on \/| +\d+ +\d| {2}|\s*$)/gmu
/** The rest of what is mounted by URL. */
const URL_PATH = /^[a-z][a-z0-9+.-]*:\/\/[^/\s]+(\/\S*)/gim
/** Servers of Apple's, which all Macs ask, and document types in property lists. */
const EVERYBODYS_SERVERS = /(^|\.)(apple|mzstatic|icloud)\.com$|^localhost$/i

/** Servers that an output names: where it is managed from, where its updates and its volumes come from; and accounts there. */
export function serversIn(file: string, text: string): string[] {
  const found = [...text.matchAll(URL_HOST)].flatMap(([, account, host = ""]) => {
    if (EVERYBODYS_SERVERS.test(host)) return []
    return account === undefined ? [host] : [account.replace(/:.*$/s, ""), host]
  })
  if (!isOfVolumes(file)) return found
  for (const [, account, host = ""] of text.matchAll(NFS)) {
    if (account !== undefined) found.push(account)
    if (!host.startsWith("[")) found.push(host)
  }
  return found
}

/** Folders on servers, by each part of their paths: those of groups and people are called by their names. */
export function pathsOfServers(file: string, text: string): string[] {
  if (!isOfVolumes(file)) return []
  const paths = [...[...text.matchAll(NFS)].map(([, , , path = ""]) => path)]
  for (const [, path = ""] of text.matchAll(URL_PATH)) paths.push(path)
  return paths.flatMap((path) => path.split("/").filter((part) => part.length >= 3))
}

function isOfVolumes(file: string): boolean {
  return /^(mount|df)/.test(file)
}
