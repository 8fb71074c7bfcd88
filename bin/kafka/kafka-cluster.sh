#!/bin/sh
exec "$(dirname "$(readlink -f "$0")")/../odradek" kafka-cluster "$@"
