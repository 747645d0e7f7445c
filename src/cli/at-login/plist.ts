import type { StartedProgram } from "./login-item.ts"

/**
 * A LaunchAgent as launchd.plist(5) has it. Interactive: what is left out or Background is throttled, and so would be the
 * answers to everybody. Both session types: also loaded where nobody is logged in at the screen. The jobs of this machine
 * itself outlive the server.
 */
export function plistText(label: string, { words, environment, home, logFile }: StartedProgram): string {
  const entries: [key: string, value: string][] = [
    ["Label", string(label)],
    ["ProgramArguments", array(words)],
    ["EnvironmentVariables", dictionary(Object.entries(environment).map(([name, value]) => [name, string(value)]))],
    ["WorkingDirectory", string(home)],
    ["LimitLoadToSessionType", array(["Aqua", "Background"])],
    ["RunAtLoad", "<true/>"],
    ["KeepAlive", dictionary([["SuccessfulExit", "<false/>"]])],
    ["AbandonProcessGroup", "<true/>"],
    ["ExitTimeOut", "<integer>30</integer>"],
    ["ProcessType", string("Interactive")],
    ["StandardOutPath", string("/dev/null")],
    ["StandardErrorPath", string(logFile)],
  ]
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
${dictionary(entries)}
</plist>
`
}

function dictionary(entries: readonly (readonly [key: string, value: string])[]): string {
  return `<dict>\n${entries.map(([key, value]) => `<key>${escaped(key)}</key>\n${value}\n`).join("")}</dict>`
}

function array(texts: readonly string[]): string {
  return `<array>\n${texts.map((text) => `${string(text)}\n`).join("")}</array>`
}

function string(text: string): string {
  return `<string>${escaped(text)}</string>`
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
}
