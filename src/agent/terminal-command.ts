/** How the agent starts a PTY host: the command line and the environment, and how the PTY host reads them back. */

/** The first argument that makes the bundled agent a PTY host. */
export const TERMINAL_HOST_ARGUMENT = "terminal-host"

/**
 * Variables that would act on the PTY host itself, which is Node under a dynamic linker, travel under another name and reach
 * only the program in the terminal.
 */
const ACTS_ON_NODE = /^(NODE_|UV_|LD_|DYLD_|OPENSSL_|SSL_|GLIBC_|Malloc)/
const HELD = "WINDFALL_HELD_"

export interface TerminalHostConfig {
  readonly socketPath: string
  /** The size to start with at once; `null` waits for the first client and takes its size and TERM. */
  readonly size: { readonly columns: number; readonly rows: number } | null
  /** A session's shell ends as by a closed window when it is asked to end; a task gets no more than the signal it was sent. */
  readonly interactive: boolean
  /** The terminal ends when this file appears or its folder goes: a shell beside a job does not outlive the job. */
  readonly endsWith: string | null
  /** Ends the terminal when nobody was attached for so long; `null`: never. */
  readonly abandonMs: number | null
}

/** The argv for `order.command` in a terminal. `program` starts the bundled agent: its node, its file. */
export function terminalHostCommand(
  program: readonly string[],
  config: TerminalHostConfig,
  command: readonly string[],
): string[] {
  return [...program, TERMINAL_HOST_ARGUMENT, JSON.stringify(config), ...command]
}

/** The environment to start the PTY host with, so that its program gets exactly `env`. */
export function terminalHostEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [ACTS_ON_NODE.test(name) ? HELD + name : name, value]),
  )
}

/** The inverse of {@link terminalHostEnv}. */
export function programEnv(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const own: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined) own[name.startsWith(HELD) ? name.slice(HELD.length) : name] = value
  }
  return own
}

/** What a session runs that names no command: the account's shell as a login shell, as Terminal.app and ssh start it. */
export function loginShell(env: Readonly<Record<string, string>>): [string, ...string[]] {
  return [env.SHELL ?? "/bin/sh", "-l"]
}

/** What opens beside a running job: not a login shell, since those set PATH anew and the job's own is wanted. */
export function shellBeside(env: Readonly<Record<string, string>>): [string, ...string[]] {
  return [env.SHELL ?? "/bin/sh", "-i"]
}
