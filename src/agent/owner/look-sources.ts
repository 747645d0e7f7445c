import { SYSCTL_KEYS } from "./look-text.ts"

/** What is looked at, by how soon it must be noticed, and what it costs to ask. All of it needs no rights and shows nothing. */
export const COMMANDS = {
  idle: "/usr/sbin/ioreg -r -d 1 -c IOHIDSystem",
  sysctl: `/usr/sbin/sysctl -i ${SYSCTL_KEYS}`,
  root: "/usr/sbin/ioreg -n Root -d 1",
  state: "/usr/bin/pmset -g systemstate",
  assertions: "/usr/bin/pmset -g assertions",
  memory: "/usr/bin/vm_stat",
  batt: "/usr/bin/pmset -g batt",
  settings: "/usr/bin/pmset -g",
  who: "/usr/bin/who",
} as const
export type Source = keyof typeof COMMANDS
