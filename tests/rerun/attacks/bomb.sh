#!/bin/bash
# Each calls itself twice, eleven times deep: 4095 shells at once where nothing stops them, for 20 seconds.
:(){ if [ "$1" -ge 11 ]; then sleep 20; else : $(($1+1)) | : $(($1+1)) & wait; fi; }
: 0
echo "the bomb is over"
