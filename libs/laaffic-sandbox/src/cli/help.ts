export const help = `laaffic-sandbox: a Laaffic SMS gateway on this machine

  npx laaffic-sandbox [--port 4010]

  -p, --port <number>           port to listen on, 0 for a free one (4010)
      --host <address>          address to listen on (127.0.0.1)
      --base-path <path>        what precedes /sendSms (/v3)
      --app-id <id>             application id, may be repeated (4luaKsL2)
      --api-key <key>           API key (bDqJFiq9)
      --api-secret <secret>     API secret (the vendor's sample)
      --balance <amount>        money in the account (1000000)
      --price <amount>          price of one segment (0.01)
      --queued-for <ms>         how long an accepted message is queued (500)
      --delivered-after <ms>    when it is delivered (1500)
      --allowed-host <name>     host name that clients may use, beside localhost; may be repeated
      --push-reports-to <url>   where delivery reports go; on this machine only
      --push-inbound-to <url>   where inbound messages go; on this machine only
      --allowed-push-url <url>  what PATCH /_sandbox/options may point pushes at; may be repeated
      --clock-skew <s>          seconds the gateway's clock is ahead; --clock-skew=-90 for behind (0)
      --config <file>           JSON file with any of the options, quirks and rules too
      --json                    one JSON object per line
  -q, --quiet                   no lines for messages, calls and pushes
  -h, --help
      --version

State, history, scripts, deliveries and inbound messages: http://127.0.0.1:4010/_sandbox
`;
