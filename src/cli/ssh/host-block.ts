import { fs, nodeUrl } from "../builtin.ts"
import type { Settings } from "../config.ts"
import { PROJECT_ROOT } from "../project-root.ts"
import { identityFile, knownHostsFile, sshNameOf } from "./ssh-files.ts"

export interface BlockOptions {
  readonly settings: Settings
  readonly job: number
  /** The account that jobs have on its host. */
  readonly user: string
  /** The server that knows the job: numbers of another one mean other jobs. */
  readonly url: string
}

/** The lines for an ssh configuration that lead to a job under the name `windfall-NUMBER`. */
export function hostBlock({ settings, job, user, url }: BlockOptions): string {
  const proxy = [...thisProgram(), "ssh-proxy", "--server", url, String(job)].map(shellWord).join(" ")
  return [
    `Host ${sshNameOf(job)}`,
    `  HostName ${sshNameOf(job)}`,
    `  User ${user}`,
    `  ProxyCommand ${proxy.replaceAll("%", "%%")}`,
    `  IdentityFile ${fileWord(identityFile(settings))}`,
    "  IdentitiesOnly yes",
    "  PreferredAuthentications publickey",
    `  UserKnownHostsFile ${fileWord(knownHostsFile(settings, job))}`,
    "  GlobalKnownHostsFile /dev/null",
    "  HostKeyAlgorithms ssh-ed25519",
    "  StrictHostKeyChecking yes",
    "  UpdateHostKeys no",
    "  ControlPath none",
    "",
  ].join("\n")
}

/** What starts this command line again: the launcher of a clone, else this very Node and file. */
export function thisProgram(): string[] {
  const launcher = nodeUrl().fileURLToPath(new URL("windfall", PROJECT_ROOT))
  if (fs.existsSync(launcher)) return [launcher]
  return [process.execPath, "--disable-warning=ExperimentalWarning", process.argv[1] ?? ""]
}

function shellWord(word: string): string {
  return /^[\w./:=+@,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
}

function fileWord(file: string): string {
  return `"${file.replaceAll("%", "%%")}"`
}
