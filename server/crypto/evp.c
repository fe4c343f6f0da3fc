#include "crypto/evp.h"
