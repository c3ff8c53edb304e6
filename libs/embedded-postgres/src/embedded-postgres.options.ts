/** Where the embedded server keeps its data, and how it starts. */
export interface EmbeddedPostgresOptions {
  /**
   * The folder of the server: its cluster, its password and its log. Relative to the working directory; created if
   * missing. Another container or machine must not use the same folder.
   * @example
   * './.data/postgres'
   */
  readonly dataDir: string;
  /**
   * The database that `url` names; created if missing. It must not contain `?` or `#`, which a URL cannot express.
   * @default 'app'
   */
  readonly database?: string | undefined;
  /**
   * The time limit for a start, in milliseconds: a whole number. The first start also creates the cluster. The limit
   * also holds for each attempt to start a server again that has died.
   * @default 30000
   */
  readonly startTimeoutMs?: number | undefined;
  /**
   * Settings of the server as in `postgresql.conf`: `{ max_connections: '200' }`. The process that starts the server
   * decides; a process that finds it running uses it as it is. Without `port` the server gets a free one, and keeps it over
   * restarts while it is free. Address and sockets cannot be set.
   */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}
