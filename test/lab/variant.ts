/** How an appliance's firewall script may differ from kinds/appliance's, which is built around the lines of Trend Micro's KB article 1120273. */
export type ScriptVariant = 'indented' | 'tabs' | 'spaced' | 'no-final-newline' | 'no-marker' | 'two-markers' | 'crlf'

const marker = /^(IPTABLE -A INPUT -m state .*) # stateful$/m

const variants: Readonly<Record<ScriptVariant, (text: string) => string>> = {
  indented: (text) => text.replace(/^IPTABLE /gm, '    IPTABLE '),
  tabs: (text) => text.replace(/^IPTABLE /gm, '\tIPTABLE '),
  spaced: (text) => text.replace(marker, 'IPTABLE  -A INPUT -m state  --state ESTABLISHED,RELATED\t-j ACCEPT   #  stateful'),
  'no-final-newline': (text) => text.trimEnd(),
  'no-marker': (text) => text.replace(marker, '$1'),
  'two-markers': (text) => text.replace(marker, '$&\n$&'),
  crlf: (text) => text.replaceAll('\n', '\r\n'),
}

/** The script's text with that difference. */
export const variantOf = (text: string, variant: ScriptVariant): string => variants[variant](text)
