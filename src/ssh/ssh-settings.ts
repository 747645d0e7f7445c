/** How this server calls ssh. */
export interface SshSettings {
  /** The ssh program; an absolute path, or a name looked up on the server's PATH. */
  readonly program: string
  /** The server's own private key, offered besides those of its account. */
  readonly identityFile: string
  /** The ssh configuration to use; `null`: the account's own. */
  readonly configFile: string | null
  /** A folder for known_hosts files, 0700, exists. */
  readonly knownHostsFolder: string
  /** How long a machine may take to answer at all. */
  readonly connectTimeoutMs: number
}

/** A machine to reach by ssh and the only key it may show. */
export interface SshTarget {
  /** `user@mac`, or an alias of the ssh configuration. */
  readonly address: string
  readonly port: number | null
  /** "ssh-ed25519 AAAA...". */
  readonly hostKey: string
}
