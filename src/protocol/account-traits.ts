/** What makes the account of a host more than one for jobs. On Linux only root is told. */
export const ACCOUNT_TRAITS = ["administrator", "console_user", "root"] as const
export type AccountTrait = (typeof ACCOUNT_TRAITS)[number]

const WHOSE: Readonly<Record<AccountTrait, string>> = {
  administrator: "an administrator's account",
  console_user: "the account of who sits at its screen",
  root: "root",
}

/** As in "It is ...": "an administrator's account and the account of who sits at its screen". */
export function accountText(traits: readonly AccountTrait[]): string {
  return traits.map((trait) => WHOSE[trait]).join(" and ")
}

/** Whether jobs there need its owner's consent. Root is told and not refused: containers and throwaway machines have nothing else. */
export function needsConsent(traits: readonly AccountTrait[]): boolean {
  return traits.some((trait) => trait !== "root")
}

/** What it means to let jobs run there, in one sentence. */
export function exposureText(user: string): string {
  return `Jobs of everybody in the pool could read and change what ${user} can: documents, mail, browser data, keys and passwords in files`
}

/** Names that a Mac has, or may have, from the beginning, for accounts and for groups; those with `_` in front are no names here at all. */
const SYSTEM_NAMES: ReadonlySet<string> = new Set(
  "root daemon nobody admin administrator guest shared staff wheel everyone sys bin operator localaccounts system sudo www mail games".split(
    " ",
  ),
)

/** Whether the system itself has, or may have, an account of that name. */
export function isSystemName(name: string): boolean {
  return SYSTEM_NAMES.has(name)
}

/** Ends an administrator's paste where there is such an account already: it would be changed, and later deleted. */
export function checkAccountLine(name: string): string {
  return `id ${name} >/dev/null 2>&1 && echo 'There is an account ${name} already: paste no more of this, and take another name'`
}

/** `null` for what cannot be the name of an account made for jobs. */
export function readAccountName(text: string): string | null {
  return /^[a-z][a-z0-9_-]{0,30}$/.test(text) ? text : null
}

/**
 * The lines that make a standard account for jobs on a Mac, to be run there once by an administrator, each with what it does.
 * sysadminctl(8), dscl(1), dseditgroup(8). Where the group com.apple.access_ssh is missing, every account may log in.
 */
export function makeAccountLines(name: string): readonly { readonly line: string; readonly does: string }[] {
  return [
    {
      line: `sudo sysadminctl -addUser ${name} -fullName "Windfall jobs" -password -`,
      does: "makes a standard account without admin rights, and asks for a password for it: any long one, nobody needs it again",
    },
    { line: `sudo dscl . -create /Users/${name} IsHidden 1`, does: "keeps it off the login window" },
    {
      line: `dseditgroup -o read com.apple.access_ssh >/dev/null 2>&1 && sudo dseditgroup -o edit -a ${name} -t user com.apple.access_ssh`,
      does: "lets it in by Remote Login, where only some accounts may",
    },
  ]
}

/** Takes back what {@link makeAccountLines} made. */
export function removeAccountLine(name: string): string {
  return `sudo sysadminctl -deleteUser ${name}`
}
