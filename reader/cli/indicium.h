/* Inside psd indicium: what is asked for, what is made of it, and how it is shown. */
#ifndef PSD_CLI_INDICIUM_H
#define PSD_CLI_INDICIUM_H

#include "cli.h"
#include "psd/program/json.h"

#define PSD_CLI_PATH 4096U

/* How a piece is printed, as the command line has it. Texts are whole before anything is debited. */
typedef struct psd_prints {
  psd_picture picture;
  char place[256];
  char sender[PSD_ADDRESSEE_MAX + 1], addressee[PSD_ADDRESSEE_MAX + 1];
  bool many; /* files have numbers */
} psd_prints;

/* Takes what the command line says about printing, and has a look whether its files can be written: nothing is debited
 * for a piece that cannot be printed. PSD_EXIT_DONE, or an error was told. */
int psd_prints_take(const psd_cli *cli, psd_prints *prints);

/* The files of piece `number` of this command, from 1: "stamp.png", or "stamp-0001.png" of several. False if the name
 * is too long. */
bool psd_prints_path(const psd_prints *prints, const char *path, unsigned number, char name[PSD_CLI_PATH]);

/* Prints a piece, and writes its bytes, as the command line wants it. PSD_OK, or `error`. */
psd_result psd_prints_write(const psd_cli *cli, const psd_prints *prints, const psd_host_meter *meter,
                            const psd_made *made, unsigned number, psd_error *error);

/* What was made, in words or as an object of `json`. `number` is the piece's of this command, from 1. */
void psd_show_evidence(const psd_cli *cli, psd_json *json, const psd_prints *prints, const psd_made *made,
                       unsigned number);

#endif
