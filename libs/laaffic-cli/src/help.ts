export const help = `laaffic: send SMS through Laaffic

  laaffic send --to <number>... --content <text>
  laaffic bulk <numbers.csv|numbers.txt|numbers.jsonl|-> --content <text>
  laaffic reports <msgId>... | -
  laaffic balance

send, bulk
  -c, --content <text>          the text, 1 to 1024 characters; - reads it from stdin
      --to <number>             who gets it, with country code; more may follow (send)
      --sender <id>             sender's number or name (LAAFFIC_SENDER_ID)
      --dry-run                 sends nothing: counts recipients, wrong numbers, duplicates, parts
      --price <amount>          price of one part, for the cost in a dry run

bulk
      --column <name|place>     column of the numbers (number, phone, mobile, msisdn or to; else the only one)
      --order-id-column <name|place>  column of your own ids (orderId)
      --duplicates <what>       keep, drop or refuse numbers that came before (keep)
      --journal <file>          what makes the run resumable (<input>.laaffic.jsonl; none for stdin)
      --concurrency <count>     requests under way at once (4)
      --request-size <count>    recipients of one request (1000)
      --requests-per-second <number>, --recipients-per-second <number>
                                the most that is sent (no limit)

everywhere
      --env-file <file>         reads LAAFFIC_* from a file; the environment goes first
      --json                    one JSON document on stdout; of bulk a line for each request, and one at the end
  -q, --quiet                   no progress
  -h, --help
      --version

The account is LAAFFIC_APP_ID, LAAFFIC_API_KEY and LAAFFIC_API_SECRET, and if wanted LAAFFIC_BASE_URL, in the
environment. It is never an argument: others could read it. With none of the three a sandbox in this process takes
its place, or the one that LAAFFIC_BASE_URL names on this machine, and nobody gets an SMS.

Run an interrupted bulk again with the same command: nobody gets it twice. Ctrl+C lets the requests under way end;
a second one ends at once.

exit code
  0  everybody was accepted, or the question was answered
  1  the call, the settings or the input are wrong; nothing was sent
  2  somebody was refused; surely nothing was sent to them
  3  of somebody nobody can know: the message may have been sent
  4  stopped early, or the question went unanswered: run the same command again
  5  a killed run left requests that may have been sent; they are not sent again
  70 a fault of this program
  130, 141, 143  ended by Ctrl+C, by the reader of its output, by SIGTERM
`;
