import { copyFileSync, mkdirSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { HIDDEN_ON_MAC, MAC_COMMANDS } from "./commands.ts"
import { macFolder } from "./lab-mac.ts"

/** Where a Mac's own file tree lies, as its first process sees it. */
export const MAC_ROOT = "/mnt/mac"

/** Gives the host's folder what its commands are made of. */
export function writeMacCommands(hostFolder: string): void {
  for (const part of ["commands", "perl"]) {
    const into = join(macFolder(hostFolder), part)
    mkdirSync(into, { recursive: true })
    const from = join(import.meta.dirname, part)
    for (const name of readdirSync(from)) copyFileSync(join(from, name), join(into, name))
  }
}

export interface MacRootPlan {
  /** The account's home on the Mac, and where it lies before there is a Mac's tree. */
  readonly home: string
  readonly homeNow: string
  /** The Node that runs the lab, which Windfall may use. */
  readonly nodePath: string
}

/** Lines of sh that lay out a Mac's file tree, after the machine's homes are hidden: mac-root.sh, with what it asks for. */
export function macRootScript({ home, homeNow, nodePath }: MacRootPlan): string[] {
  return [
    `root='${MAC_ROOT}' home='${home}' home_now='${homeNow}' node='${nodePath}'`,
    `hidden='${HIDDEN_ON_MAC.join(" ")}'`,
    `commands='${MAC_COMMANDS.map(({ file, at }) => `${file}:${at}`).join(" ")}'`,
    readFileSync(join(import.meta.dirname, "mac-root.sh"), "utf8"),
  ]
}
