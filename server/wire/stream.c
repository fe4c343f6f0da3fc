#include "wire/stream.h"
