#!/bin/sh
# IWSVA firewall, 6.5 SP3.

IPT4=/sbin/iptables
IPT6=/sbin/ip6tables

# IPTABLE [ipv4|ipv6] ARGUMENTS: without a family word both families get them
IPTABLE() {
    case "$1" in
    ipv4) shift; $IPT4 "$@" ;;
    ipv6) shift; $IPT6 "$@" ;;
    *) $IPT4 "$@"; $IPT6 "$@" ;;
    esac
}

fw_stop() {
IPTABLE -P INPUT ACCEPT
IPTABLE -P FORWARD ACCEPT
IPTABLE -P OUTPUT ACCEPT
IPTABLE -F
IPTABLE -X
}

fw_start() {
IPTABLE -P INPUT DROP
IPTABLE -P FORWARD DROP
IPTABLE -P OUTPUT ACCEPT
IPTABLE -F
IPTABLE -X

IPTABLE -A INPUT -i lo -j ACCEPT
IPTABLE ipv6 -A INPUT -p ipv6-icmp -j ACCEPT
IPTABLE -A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT # stateful

# Create the custom chains
IPTABLE -N SCAN_SERV_IN
IPTABLE -N ACL_IN
IPTABLE -N LOCAL_SERV_IN

IPTABLE -A INPUT -j ACL_IN
IPTABLE -A INPUT -j SCAN_SERV_IN
IPTABLE -A INPUT -j LOCAL_SERV_IN

# Scanned services: new connections only
IPTABLE -A SCAN_SERV_IN -p tcp --dport 8080 -m state --state NEW -j ACCEPT
IPTABLE -A SCAN_SERV_IN -p tcp --dport 3129 -m state --state NEW -j ACCEPT

# Local services, management last
IPTABLE -A LOCAL_SERV_IN -p tcp --dport 22 -m state --state NEW -j ACCEPT
IPTABLE -A LOCAL_SERV_IN -p tcp --dport 8443 -m state --state NEW -j ACCEPT
IPTABLE ipv4 -A LOCAL_SERV_IN -p icmp -j ACCEPT
}

case "$1" in
start) fw_start ;;
stop) fw_stop ;;
restart) fw_stop; fw_start ;;
*) echo "Usage: $0 {start|stop|restart}"; exit 1 ;;
esac
