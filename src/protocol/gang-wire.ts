/**
 * What server and agents say of attempts on several hosts; parts of `AgentMessage` and `ServerMessage`. Each member waits at a gate,
 * with its folder and its environment made, until all of them do; only then does the command of any of them begin.
 */
import type { AttemptId } from "./ids.ts"
import { attempt, fail, list, object, type Raw, text } from "./raw-check.ts"

/** What an order says where it is for a member. */
export interface OrderMember {
  /** From 0. */
  readonly rank: number
  /** How many there are. */
  readonly size: number
}

/** An IPv4 address of a host. */
export interface MemberAddress {
  readonly address: string
  /** Of the net it is in: "10.0.0.0/24". */
  readonly net: string
  /** "en0" */
  readonly interface: string
}

/** Where a member is, as all of them are told. */
export interface MemberPlace {
  /** Its host's name in the pool. */
  readonly host: string
  readonly address: string
  readonly interface: string
  /** Ports that nobody there used when it came to the gate: one for whatever it likes, one for MLX's ring. */
  readonly ports: readonly [number, number]
}

/** A member is at the gate. A repeat is answered with `go` where that was given, else changes nothing. */
export interface GateNews {
  readonly type: "at-gate"
  readonly attempt: AttemptId
  readonly sequence: number
  /** None where the host has no net. */
  readonly addresses: readonly MemberAddress[]
  readonly ports: readonly [number, number]
}

/** All are at the gate: the command begins. A repeat changes nothing. */
export interface GoMessage {
  readonly type: "go"
  readonly attempt: AttemptId
  readonly sequence: number
  /** By rank. */
  readonly roster: readonly MemberPlace[]
}

export const GANG_CHECKS: Readonly<Record<GateNews["type"], (raw: Raw, type: string) => void>> = {
  "at-gate": (raw, type) => {
    attempt(raw, type)
    for (const each of list(raw, "addresses", type)) checkAddress(each, type)
    const ports = list(raw, "ports", type)
    if (ports.length !== 2 || !ports.every(isPort)) fail(type, "ports")
  },
}

/** @throws {WindfallError} where it is no {@link MemberAddress} */
export function checkAddress(value: unknown, type: string): void {
  const one = object(value, type, "addresses")
  if (!isAddress(one.address)) fail(type, "addresses")
  for (const field of ["net", "interface"]) text(one, field, type)
  if (!/^[\w.:@-]{1,40}$/.test(String(one.interface))) fail(type, "addresses")
}

export function isAddress(value: unknown): value is string {
  return typeof value === "string" && /^\d{1,3}(\.\d{1,3}){3}$/.test(value)
}

export function isPort(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) > 0 && (value as number) < 65_536
}
