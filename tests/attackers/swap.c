/* Exchanges two names as fast as the kernel can, until it is killed: swap ONE OTHER */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>

int main(int count, char **words)
{
    if (count != 3)
        return 2;
    puts("ready");
    fflush(stdout);
    for (;;)
        renameat2(AT_FDCWD, words[1], AT_FDCWD, words[2], RENAME_EXCHANGE);
}
