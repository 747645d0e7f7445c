import type { StartedProgram } from "./login-item.ts"

/**
 * A systemd user unit. KillMode=process: the jobs of this machine itself are in the unit's group and outlive the server.
 */
export function unitText({ words, environment, home, logFile }: StartedProgram): string {
  const variables = Object.entries(environment).map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`)
  return `[Unit]
Description=Windfall server

[Service]
ExecStart=${words.map((word) => quoted(word).replaceAll("$", "$$$$")).join(" ")}
${variables.join("\n")}
WorkingDirectory=${specifier(home)}
StandardOutput=null
StandardError=append:${specifier(logFile)}
KillMode=process
Restart=on-failure
RestartSec=5

[Install]
WantedBy=default.target
`
}

/** As systemd.syntax(7) and systemd.unit(5) read it: quotes and backslashes escaped, no specifiers. */
function quoted(text: string): string {
  return `"${specifier(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`
}

function specifier(text: string): string {
  return text.replaceAll("%", "%%")
}
