/** What `sandbox.inbound` takes. */
export interface InboundText {
  /** Who writes. */
  from: string;
  /** The sender ID written to. @default '' */
  to?: string;
  content: string;
  /** Milliseconds since 1970. @default now, by the gateway's clock */
  at?: number;
  /** The application it is for. @default the first one */
  appId?: string;
}

/** A message from a phone to the customer. */
export interface InboundMessage extends Readonly<Required<InboundText>> {
  readonly msgId: string;
}
