/** A port of a job's host, and where it is to be had on this machine. */
export interface PortPair {
  readonly port: number
  /** 0 takes a free one. */
  readonly local: number
}

/** Reads `8888` or `8888:9000`, the job's port first. @throws {SyntaxError} saying what would be right */
export function readPortPair(text: string): PortPair {
  const match = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(text)
  if (match === null)
    throw new SyntaxError("write a port of the job, as 8888, or with one of this machine, as 8888:9000")
  const port = Number(match[1])
  const local = match[2] === undefined ? port : Number(match[2])
  if (port < 1 || port > 65_535 || local > 65_535) throw new SyntaxError("ports go from 1 to 65535")
  return { port, local }
}
